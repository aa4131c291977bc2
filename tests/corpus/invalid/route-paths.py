# rule: catalogue
# says: a: route '/api/v1/a/../b' has the part '..'; write the path without it
# says: b: route '/api/v1/./b' has the part '.'; write the path without it
# says: c: route '/api/v1/..' has the part '..'
# says: d: route '/api/v1/%2e%2e' is not a valid path; begin it with a slash
# says: e: route '/api/v1//e' is not a valid path
# says: f: route '/api/v1/f/' is not a valid path
# says: g: route '/api/v1/g?x=1' is not a valid path
# says: h: route '/api/v1/h#x' is not a valid path
# says: i: route '/api/v1/i j' is not a valid path
# says: j: route '/api/v1/ä' is not a valid path
# says: k: route '/api/v1/{k}' is not a valid path
# says: l: route '/api/v1/(.*)' is not a valid path
# says: m: route '/api/v1/mmmm
PATHS = ("a/../b", "./b", "..", "%2e%2e", "/e", "f/", "g?x=1", "h#x", "i j", "\xe4", "{k}", "(.*)", "m" * 200)
CATALOGUE = added(
    CATALOGUE,
    *(
        toy(name=name, ports=(http(name, 8099),), route=Route(path=f"/api/v1/{path}", strip="/api/v1"))
        for name, path in zip("abcdefghijklm", PATHS, strict=True)
    ),
)
