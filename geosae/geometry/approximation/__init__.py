"""How well a polyhedron around a body can approximate it: irreducible errors, rates and trade-offs."""
