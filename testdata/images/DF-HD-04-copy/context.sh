echo normal > normal
