"""What may happen: cost, risk and sales as distributions, never as one number."""
