"""Numbers to what people see: blocks of figures, tables, charts and words, and the one page made of them."""
