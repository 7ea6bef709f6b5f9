"""Many accounts -> reports: parameters are checked, notebooks run apart, pages gated and put in place whole."""
