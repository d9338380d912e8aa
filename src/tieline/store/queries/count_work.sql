SELECT (SELECT count(*) FROM assignment WHERE state = 'ready'),
       (SELECT count(*) FROM assignment WHERE state = 'waiting'),
       (SELECT count(*) FROM assignment WHERE state = 'dead'),
       (SELECT count(*) FROM effect WHERE state IN ('intent', 'unknown'))
