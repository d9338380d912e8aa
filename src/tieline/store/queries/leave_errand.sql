INSERT INTO errand (lane_id, kind, input) VALUES (%(lane)s, %(kind)s, %(input)s) RETURNING id
