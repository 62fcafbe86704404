from driver import *
def opens():
    app = App("--connect", "test:///default")
    import time; time.sleep(1)
    app.click("Main menu")
    app.shoot("menu")
    app.point(app.find("New machine","button"))
    app.shoot("new")
    print(app.tree())
    app.stop()
main([opens])
