-- People who are linked no more are walked no more.
DELETE FROM swept
WHERE connection_id = %(connection)s AND stream = ANY(%(streams)s)
    AND NOT EXISTS (SELECT FROM linked WHERE linked.consumer_id = ANY(%(consumers)s) AND linked.side = %(side)s
                    AND linked.record_id = swept.contact_id)
