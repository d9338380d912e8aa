"""Chaos: the hub as processes between both sandboxes, everything that can break broken, then a count."""
