"""Following what scripts do with the host's API object, over the modules of a package (V-9).

`lowering` makes a small tree of a file, in the processes that parse; `package` puts the trees together, with their
scopes and modules; `tracing` follows values forward from where `wx` stands, `backward` says what an expression can be
where a value meets it; `uses` is what comes of it.
"""
