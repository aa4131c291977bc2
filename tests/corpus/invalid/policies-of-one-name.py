# rule: catalogue
# says: components.py: NetworkPolicy chatdb-services/toy-to-b-to-c would be that of toy -> b-to-c and of toy-to-b -> c; rename
# says: components.py: NetworkPolicy chatdb-services/c-from-b-from-a would be that of a -> c-from-b and of b-from-a -> c; rename
# says: components.py: NetworkPolicy chatdb-services/x-to-y-from-x would be that of x -> x-to-y and of x -> y-from-x; rename
CALLS = {
    "toy": ["b-to-c"], "toy-to-b": ["c"], "b-to-c": [], "c": [], "b-from-a": ["c"], "a": ["c-from-b"], "c-from-b": [],
    "x": ["y-from-x", "x-to-y"], "y-from-x": [], "x-to-y": [],
}
CATALOGUE = added(
    CATALOGUE,
    *(
        toy(name=name, ports=(http(name, 8099),), talks_to=tuple(Dependency(other, "http") for other in others))
        for name, others in CALLS.items()
    ),
)
