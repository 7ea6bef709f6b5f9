"""What other tools export -> the tables of the accounts."""
