"""Systems with a REST API, as local servers that answer as their public descriptions say. Each holds a few records that a test changes."""
