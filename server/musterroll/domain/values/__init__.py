"""Values that every wing uses: dates, instants, money, errors."""
