"""Operations without servers: an in-memory broker, real files, real HTTP."""
