"""Files that are whole or absent, records checked as they are read, and arrays beside their cards."""
