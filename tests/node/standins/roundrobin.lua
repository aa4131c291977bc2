-- resty.roundrobin, as ingress-nginx uses it: nodes are names with weights, which are all alike here.
local _M = {}

function _M.new(_, nodes)
  local made = setmetatable({}, { __index = _M })
  made:reinit(nodes)
  return made
end

function _M.reinit(self, nodes)
  self.nodes, self.names, self.last = nodes, {}, 0
  for name in pairs(nodes) do
    table.insert(self.names, name)
  end
  table.sort(self.names)
end

function _M.find(self)
  self.last = self.last % #self.names + 1
  return self.names[self.last]
end

return _M
