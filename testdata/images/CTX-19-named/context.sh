mkdir nc
echo n > nc/n
