module golden

go 1.27.4

require gopkg.in/yaml.v2 v2.4.0
