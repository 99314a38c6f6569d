mkdir -p m/d m/sticky
for mode in 0 400 644 755 777 4755 2755 1644 7777; do echo $mode > m/f$mode; chmod $mode m/f$mode; done
echo x > m/f7
chmod 700 m/d; chmod 1777 m/sticky
chown 1000:1000 m/f644
