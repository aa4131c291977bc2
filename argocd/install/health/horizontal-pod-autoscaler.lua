-- Health of a HorizontalPodAutoscaler. Argo CD's own check calls one without metrics Degraded, so that a cluster without
-- metrics-server has Degraded tiers for ever, and a slow metrics-server has them at times. The workload serves with the
-- replicas that it has, and its own health tells whether it does: this is Healthy, and the message says what is wrong.

-- Reasons of ScalingActive=False that metrics do not cure (Kubernetes 1.37: pkg/controller/podautoscaler).
local MISCONFIGURED = { InvalidSelector = true, AmbiguousSelector = true, InvalidMetricSourceType = true }

if obj.apiVersion ~= "autoscaling/v2" then
  return nil -- The older version has its conditions in an annotation; Argo CD's own check reads them.
end

local status = obj.status or {}
local conditions = {}
for _, one in ipairs(status.conditions or {}) do
  conditions[one.type] = one
end

local able, active = conditions.AbleToScale, conditions.ScalingActive
local generation = (obj.metadata or {}).generation or 0
if (status.observedGeneration or generation) < generation then
  return { status = "Progressing", message = "status is about an older spec" }
elseif not able then
  return { status = "Progressing", message = "not looked at yet" }
elseif able.status == "False" then
  return { status = "Degraded", message = able.message }
elseif active and active.status == "False" and MISCONFIGURED[active.reason] then
  return { status = "Degraded", message = active.message }
end
local replicas = status.currentReplicas or 0
if active and active.status == "False" then
  return { status = "Healthy", message = "stays at " .. replicas .. " replicas: " .. active.message }
end
return { status = "Healthy", message = replicas .. " replicas" }
