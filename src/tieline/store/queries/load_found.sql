SELECT connection.name, kind, day, count
FROM sweep_found JOIN connection ON connection.id = connection_id
WHERE day >= %(since)s ORDER BY connection.name, day DESC, kind
