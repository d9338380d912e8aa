SELECT FROM lane WHERE id = %(lane)s AND epoch = %(epoch)s FOR UPDATE
