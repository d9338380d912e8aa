"""Records and vocabulary shared by every floor: frozen, typed, importing nothing of ours."""
