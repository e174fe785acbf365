"""What is done with what came: rows judged, histories that moved recognised, frames held to their contracts.

Fetching lives in the feeds, keeping in the lake.
"""
