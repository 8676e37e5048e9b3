module oracle

go 1.26

require golden v0.0.0

replace golden => ../../test/golden
