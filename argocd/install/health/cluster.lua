-- Health of a CloudNativePG Cluster. Argo CD's own script calls each reconfiguration Degraded, which fails the sync that
-- caused it, and calls a Cluster Healthy whose instances are not ready.

-- Phases of CloudNativePG 1.30.1 in which it does not move on by itself (api/v1/cluster_types.go; the last two are in
-- internal/controller). In all others, and in those of later versions, it does: a failover or an upgrade that lasts is
-- ended by the gate's bound.
local PHASES = {
  ["Cluster in healthy state"] = "Healthy",
  ["Waiting for user action"] = "Suspended",
  ["Invalid cluster definition"] = "Degraded",
  ["Unable to create required cluster objects"] = "Degraded",
  ["Cluster has incomplete or invalid image catalog"] = "Degraded",
  ["Cluster cannot proceed to reconciliation due to an unknown plugin being required"] = "Degraded",
  ["Cluster cannot proceed to reconciliation due to an error while interacting with plugins"] = "Degraded",
  ["Cluster cannot execute instance online upgrade due to missing architecture binary"] = "Degraded",
  ["Cluster is unrecoverable and needs manual intervention"] = "Degraded",
  ["Not enough disk space"] = "Degraded",
  ["Instance Status Extraction Error: HTTP communication issue"] = "Degraded",
}

local spec, status = obj.spec or {}, obj.status or {}
local annotations = (obj.metadata or {}).annotations or {}

local function answer(state, message)
  return { status = state, message = message }
end

local function condition(name)
  for _, one in ipairs(status.conditions or {}) do
    if one.type == name then return one end
  end
end

if annotations["cnpg.io/reconciliationLoop"] == "disabled" then
  return answer("Suspended", "the annotation cnpg.io/reconciliationLoop disables reconciliation")
end

local hibernation = condition("cnpg.io/hibernation")
if hibernation and annotations["cnpg.io/hibernation"] ~= "on" then
  return answer("Progressing", "waking from hibernation")
elseif hibernation and hibernation.status == "True" then
  return answer("Suspended", hibernation.message)
elseif hibernation then
  return answer("Progressing", hibernation.message)
elseif annotations["cnpg.io/hibernation"] == "on" then
  return answer("Progressing", "hibernation requested")
end

local phase, reason = status.phase or "", status.phaseReason or ""
if phase == "" then
  return answer("Progressing", "not reconciled yet")
end
local state = PHASES[phase] or "Progressing"
if state ~= "Healthy" then
  return answer(state, reason == "" and phase or phase .. ": " .. reason)
end

-- The status has no observed generation. What it does say of the spec is compared.
if spec.imageName and spec.imageName ~= status.image then
  return answer("Progressing", "image not applied yet: " .. spec.imageName)
end
local wanted, ready = spec.instances or 1, status.readyInstances or 0
if ready ~= wanted then
  return answer("Progressing", ready .. " of " .. wanted .. " instances ready")
end
local archiving = condition("ContinuousArchiving")
if archiving and archiving.status == "False" then
  return answer("Healthy", "serves, but WAL is not archived: " .. (archiving.message or ""))
end
return answer("Healthy", ready .. " of " .. wanted .. " instances ready")
