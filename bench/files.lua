-- Asks for /many/0 to /many/COUNT-1 in turn; the requests are made before the load begins.
local requests, at = {}, 0

function init(arguments)
  for number = 0, tonumber(arguments[1]) - 1 do
    requests[number] = wrk.format("GET", "/many/" .. number)
  end
end

function request()
  at = (at + 1) % (#requests + 1)
  return requests[at]
end
