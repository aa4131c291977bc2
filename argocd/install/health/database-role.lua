-- Health of a CloudNativePG DatabaseRole (1.30), which Argo CD has no script for. The operator sets the observed
-- generation only when it has applied a spec: with an older one, a failure may be about the spec before, or the Cluster
-- is not ready yet, and the operator tries again.

local status = obj.status or {}
local message = status.message or ""
local observed = status.observedGeneration == (obj.metadata or {}).generation

if observed and status.applied == true then
  return { status = "Healthy", message = "applied" }
elseif observed and status.applied == false then
  return { status = "Degraded", message = message }
end
return { status = "Progressing", message = message == "" and "not applied yet" or message }
