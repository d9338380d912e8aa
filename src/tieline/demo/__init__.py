"""The main job, shown: a sandbox of both sides, a hub between them, and a count that believes neither."""
