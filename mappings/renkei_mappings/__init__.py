"""The mapping files that come with renkei."""
