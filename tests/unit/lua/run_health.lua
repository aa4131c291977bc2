-- run_health.lua SCRIPT CASES
--
-- Runs a health script on every case as Argo CD does (the object is the global `obj`) at a set time, and prints one
-- line a case: status, message and deletionMessage, separated by tabs.
-- CASES is a Lua file that returns { now = <seconds>, objects = { <object>, ... } }.
local script = assert(loadfile(arg[1]))
local cases = assert(loadfile(arg[2]))()

if os then os.time = function() return cases.now end end
for _, object in ipairs(cases.objects) do
  obj = object
  local ran, result = pcall(script)
  if not ran then result = { status = "Lua error", message = tostring(result) } end
  result = result or { status = "nil", message = "" } -- Argo CD's own check decides.
  print(table.concat({ tostring(result.status), result.message, result.deletionMessage or "" }, "\t"))
end
