"""What has happened on an account: money, work, delivery and the relationship, as pure functions from tables to figures.

Each file is one chapter, named as the field names it. Tables come in as the checks type them, shares as fractions, amounts
in the account's currency; a figure that is not defined comes out as `Missing`, and as a blank cell in a frame.
"""
