-- run_gate.lua GATE CASES
--
-- Runs the gate on every case as Argo CD does (the Application is the global `obj`) at a set time,
-- and prints one line a case: status, message and deletionMessage, separated by tabs.
-- CASES is a Lua file that returns { now = <seconds>, objects = { <Application>, ... } }.
local gate = assert(loadfile(arg[1]))
local cases = assert(loadfile(arg[2]))()

os.time = function() return cases.now end
for _, object in ipairs(cases.objects) do
  obj = object
  local ran, result = pcall(gate)
  if not ran then result = { status = "Lua error", message = tostring(result) } end
  print(table.concat({ result.status, result.message, result.deletionMessage or "" }, "\t"))
end
