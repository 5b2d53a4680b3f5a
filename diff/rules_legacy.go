package diff

// rulesLegacy are group B: the schema1 view.
var rulesLegacy = []rule{}
