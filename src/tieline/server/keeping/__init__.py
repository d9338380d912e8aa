"""What is kept, for how long, and how it is taken away: keys, people who are erased, copies of the store."""
