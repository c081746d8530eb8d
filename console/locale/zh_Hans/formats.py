"""Figures in Chinese are written as in English, 12,340; Django's own formats for it have no separator."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
