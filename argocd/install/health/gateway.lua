-- Health of a Gateway. Argo CD's own script does not compare generations, as its script for HTTPRoute does: a changed
-- Gateway is Healthy until the controller has seen the change.

local status = obj.status or {}
local generation = (obj.metadata or {}).generation or 0

-- The conditions of the Gateway, then those of its listeners, each with what it is of.
local conditions = {}
local function collect(list, owner)
  for _, one in ipairs(list or {}) do
    table.insert(conditions, { owner = owner, condition = one })
  end
end
collect(status.conditions, "")
for _, listener in ipairs(status.listeners or {}) do
  collect(listener.conditions, "listener " .. listener.name .. ": ")
end

local NEEDED = { Accepted = true, ResolvedRefs = true, Programmed = true }

local function first(state, test)
  for _, one in ipairs(conditions) do
    local condition = one.condition
    if NEEDED[condition.type] and test(condition) then
      local message = condition.message or ""
      return { status = state, message = one.owner .. (message == "" and condition.type or message) }
    end
  end
end

if #conditions == 0 then
  return { status = "Progressing", message = "no controller has looked at it yet" }
end
if first("", function(one) return (one.observedGeneration or generation) < generation end) then
  return { status = "Progressing", message = "status is about an older spec" }
end
return first("Degraded", function(one) return one.status == "False" and one.type ~= "Programmed" end)
  or first("Progressing", function(one) return one.status ~= "True" end)
  or { status = "Healthy", message = "programmed" }
