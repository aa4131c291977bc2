-- The gate: the health of a child Application, as the sync waves of its parent see it.
--
-- Argo CD opens the next wave when every child of this one is Healthy and fails the parent's sync
-- when one is Degraded. On any other answer, and on an error in this script, it waits without end,
-- and a parent that waits does not look at new commits. Hence two rules:
--   1. Healthy is said only of the spec as it is now: compared with it, no sync under way, Synced.
--      The child's own health alone is not enough; it may be older than the spec, and it is Healthy
--      while resources are missing.
--   2. What is held for BOUND seconds reads Degraded. The next wave stays shut either way, but now
--      the parent's sync ends, and its retry picks up a fix.
--
-- argocd-cm must open Lua's standard libraries for this kind (useOpenLibs): there is no os without.

local BOUND = 60

local metadata, spec, status = obj.metadata or {}, obj.spec or {}, obj.status or {}
local sync, health = status.sync or {}, status.health or {}
local operation = status.operationState or {}

local function blank(value)
  return value == nil or value == ""
end

-- Equal as Argo CD stores things: it drops empty fields when it writes the status, so absent, "",
-- false and {} are one value. A difference seen here but not by Argo CD would hold for ever.
local function same(a, b)
  if type(a) ~= "table" and type(b) ~= "table" then
    return (a or "") == (b or "")
  end
  a, b = a or {}, b or {}
  for key in pairs(a) do
    if not same(a[key], b[key]) then return false end
  end
  for key in pairs(b) do
    if not same(a[key], b[key]) then return false end
  end
  return true
end

-- Whether the last comparison was with the present spec. A change in one of these fields makes
-- Argo CD compare anew at once, so the two soon meet. `sources`, where set, replaces `source`.
local function compared_with_spec()
  local compared = sync.comparedTo or {}
  local source = next(spec.sources or {}) and "sources" or "source"
  for _, field in ipairs({ source, "destination", "ignoreDifferences" }) do
    if not same(spec[field], compared[field]) then return false end
  end
  return true
end

local function errors()
  local found = {}
  for _, condition in ipairs(status.conditions or {}) do
    if condition.type:match("Error$") then table.insert(found, condition) end
  end
  return found
end

local function last_error()
  local first = errors()[1]
  if first then return first.message end
  if operation.phase == "Failed" or operation.phase == "Error" then return operation.message end
end

local function with_reason(text, reason)
  return blank(reason) and text or text .. ": " .. reason
end

-- Why the child's own health does not count yet (nil when it does), and whether the bound applies.
-- It does not apply to what Argo CD ends by itself within moments: the status does not tell since
-- when, and would call a fix that has just arrived as late as what it mends.
local function held()
  if metadata.deletionTimestamp then
    return "being deleted", true
  elseif blank(sync.status) then
    return "not compared with the repository yet", true
  elseif sync.status ~= "Unknown" and not compared_with_spec() then
    -- Unknown means that the comparison itself failed, which need not end.
    return "status is about an older spec", false
  elseif operation.phase == "Running" or operation.phase == "Terminating" then
    return with_reason("sync running", operation.message), true
  elseif obj.operation then
    return "sync requested", false
  elseif sync.status ~= "Synced" then
    return with_reason("not synced (" .. sync.status .. ")", last_error()), true
  elseif blank(health.status) then
    return "health not known yet", true
  end
  return nil, true
end

-- The newest time on the child's record. All are RFC 3339 in UTC, so they sort as text.
local function last_move()
  local times = {
    metadata.creationTimestamp or "",
    metadata.deletionTimestamp or "",
    health.lastTransitionTime or "",
    operation.startedAt or "",
  }
  for _, condition in ipairs(errors()) do
    table.insert(times, condition.lastTransitionTime or "")
  end
  table.sort(times)
  return times[#times]
end

local function overdue()
  return last_move() < os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - BOUND)
end

-- For a child that is being deleted Argo CD reads `deletionMessage` in place of `message`, and
-- without it says Progressing whatever the status here.
local function answer(state, message)
  return {
    status = state,
    message = message,
    deletionMessage = metadata.deletionTimestamp and message,
  }
end

local reason, bounded = held()
local state = reason and "Progressing" or health.status
local message = reason or with_reason("its resources are " .. state, health.message)
if state ~= "Healthy" and state ~= "Degraded" and bounded and overdue() then
  return answer("Degraded", "held for over " .. BOUND .. " s: " .. message)
end
return answer(state, message)
