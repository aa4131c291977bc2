-- Health of a CloudNativePG Pooler (1.30), which Argo CD has no script for. The status has no observed generation, and
-- counts the pods that exist, not those that are ready.

local PHASES = { active = "Healthy", paused = "Suspended", inactive = "Progressing", failed = "Degraded" }

local status = obj.status or {}
local phase, invalid = status.phase or "", status.error or ""
local reason = status.phaseReason or ""

if invalid ~= "" then
  return { status = "Degraded", message = invalid }
elseif phase == "" then
  return { status = "Progressing", message = "not reconciled yet" }
end
local state = PHASES[phase] or "Progressing"
if state ~= "Healthy" then
  return { status = state, message = reason == "" and phase or phase .. ": " .. reason }
end
local wanted, pods = (obj.spec or {}).instances or 1, status.instances or 0
return {
  status = pods == wanted and "Healthy" or "Progressing",
  message = pods .. " of " .. wanted .. " pods exist",
}
