package diff

// rulesOrigin are group G: base, origin, trust.
var rulesOrigin = []rule{}
