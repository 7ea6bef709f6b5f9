"""The workbook that Account Directors run their accounts with: files in, checked tables, measures, outlook, one page out."""

__version__ = "0.1.0"
