"""The pages, one file per page or group of pages, named as in the URL."""
