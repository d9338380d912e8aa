"""What the hub can carry and what an event costs, measured from outside beside a relay without durability."""
