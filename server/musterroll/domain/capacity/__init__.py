"""Capacity: from exposure and counts to rates, demand, hours, heads, spares and revenue, each with a band and a back-test.

`rates` what was seen, and what a family lends to it · `survival` how units age · `counts` a predicted count · `amounts` a predicted
amount · `demand` incidents to come · `ageing` the live fleet rolled forward · `seasons` what the calendar
adds · `handling` hours an incident takes · `staffing` heads · `spares` parts · `renewals` contracts and revenue · `backtest` how well the
same would have done before · `levels` of bands.

Numbers in, numbers out. Rates are per whatever unit the exposure is measured in; say it beside the number. The modules import numpy and
scipy, so whoever must start fast imports them where they are used.
"""
