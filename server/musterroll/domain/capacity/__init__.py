"""Capacity: from exposure and counts to rates, demand, hours, heads, spares and revenue, each with a range and a back-test.

`rates` observed rates, pooled with the family · `survival` how units age · `counts` a predicted count · `amounts` a predicted amount ·
`demand` expected incidents · `ageing` the live fleet rolled forward · `seasons` the seasonal pattern · `handling` hours per incident ·
`staffing` heads · `spares` parts · `renewals` contracts and revenue · `backtest` how well the method would have done · `levels` of ranges.

Numbers in, numbers out. Rates are per unit of exposure; show the unit with the number. The modules import numpy and scipy, so code that
must start fast imports them lazily.
"""
