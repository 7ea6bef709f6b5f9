"""Files to checked tables: what a table holds (`dictionary`), how it is read (`read`) and what must be true (`checks`)."""
