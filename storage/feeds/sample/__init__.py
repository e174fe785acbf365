"""Generated prices and transformer data, the same for the same seed; called sample wherever they show."""
