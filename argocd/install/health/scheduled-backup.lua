-- Health of a CloudNativePG ScheduledBackup (1.30), which Argo CD has no script for: of the schedule, not of the backups
-- that it makes. The operator does not look at a suspended one.

local spec, status = obj.spec or {}, obj.status or {}
local invalid = status.error or ""

if invalid ~= "" then
  return { status = "Degraded", message = invalid }
elseif spec.suspend then
  return { status = "Suspended", message = "suspended" }
elseif not status.lastCheckTime then
  return { status = "Progressing", message = "not scheduled yet" }
end
local last = status.lastScheduleTime
return { status = "Healthy", message = last and "last backup started at " .. last or "no backup was due yet" }
