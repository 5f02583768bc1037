"""The only room that knows SQL: schema, sessions, migrations, search and the frames that the analyses read."""
