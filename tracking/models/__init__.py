"""Networks that know only torch."""
