"""Exposure: operating time by month, product, age and cover. Days are of UTC, since 1970."""

DAY = 86_400  # seconds
MONTH_DAYS = 365.25 / 12
OLDEST = 240  # completed months; older units count as this old
NEVER = 1 << 22  # after any calendar day
WARRANTY, CONTRACT = 1, 2  # bits of a cover
